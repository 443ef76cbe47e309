@main struct Simulate { static func main() { print("simulate") } }
