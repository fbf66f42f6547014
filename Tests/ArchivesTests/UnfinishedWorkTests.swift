import Archives
import Foundation
import Synchronization
import Testing

@Suite struct UnfinishedWorkTests {
    @Test func nothingEndsWhileAFileIsWritten() {
        let work = UnfinishedWork()
        work.whole {
            #expect(!work.prepareToEnd())
            work.whole { #expect(!work.prepareToEnd()) }
            #expect(!work.prepareToEnd())
        }
        struct Failure: Error {}
        #expect(throws: Failure.self) { try work.whole { throw Failure() } }
        #expect(work.prepareToEnd())
    }

    @Test func remnantsGoOnceAndOnlyWhereTheyStillStand() {
        let work = UnfinishedWork()
        let removed = Mutex<[String]>([])
        let kept = UnfinishedWork.Remnant(of: work) { removed.withLock { $0.append("kept") } }
        do {
            let finished = UnfinishedWork.Remnant(of: work) { removed.withLock { $0.append("finished") } }
            withExtendedLifetime(finished) {}
        }
        work.whole { #expect(!work.prepareToEnd() && removed.withLock { $0.isEmpty }) }
        #expect(work.prepareToEnd())
        #expect(work.prepareToEnd())
        #expect(removed.withLock { $0 } == ["kept"])
        withExtendedLifetime(kept) {}
    }

    @Test func nothingBeginsOnceTheProcessEnds() {
        let work = UnfinishedWork()
        #expect(work.prepareToEnd())
        let began = Flag()
        // It waits for the end of the process, which does not come here.
        Thread.detachNewThread { work.whole { began.set() } }
        usleep(100_000)
        #expect(!began.isSet)
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}
