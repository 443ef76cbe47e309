import Histogram

enum Skeleton {}
