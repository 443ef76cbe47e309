import Testing

@Suite struct RouteTests {}
