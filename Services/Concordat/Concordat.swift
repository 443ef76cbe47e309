@main struct Concordat { static func main() { print("concordat") } }
