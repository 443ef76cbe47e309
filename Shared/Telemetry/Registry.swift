import CoreMetrics

enum Skeleton {}
