import Storage
import TestSupport
import Testing

@Suite struct ResultStoreTests {
    @Test func anEmptyStoreHasNothing() throws {
        let folder = try TemporaryFolder()
        #expect(try ResultStore(path: folder.root + "/results.sqlite").value(for: "a") == nil)
    }
}
