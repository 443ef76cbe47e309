import Cryptography
import Wire

extension LedgerState {
    /// Cross transactions for which this chain holds value, in the order of `HoldsQuery.Place`.
    ///
    /// - Returns: those that `query` asks for, and how many there are in all that it could.
    package func holds(_ query: HoldsQuery) -> (entries: [CrossEntry], count: Int) {
        // An entry is listed once under each account that it holds from; sorted by place, so the order of the table does not show.
        let listed = query.account.map { holders[$0] ?? [] } ?? Array(holders.values.joined())
        var places: [(place: HoldsQuery.Place, number: Int32)] = []
        for number in Set(listed).sorted() {
            let entry = crosses[Int(number)].entry
            places.append((HoldsQuery.Place(height: entry.openedHeight, xid: entry.xid), number))
        }
        places.sort { $0.place < $1.place }
        let later = query.after.map { after in places.filter { $0.place > after } } ?? places
        return (later.prefix(query.limit).map { crosses[Int($0.number)].entry }, places.count)
    }
}
