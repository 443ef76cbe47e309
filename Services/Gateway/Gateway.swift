import Hummingbird

enum Skeleton {}
