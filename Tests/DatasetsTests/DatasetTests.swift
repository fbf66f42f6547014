import Datasets
import Testing

@Suite struct DatasetTests {
    @Test func anEntryWithoutAnnotationsIsOnlyAPicture() {
        let entry = DatasetEntry(image: "a.jpg")
        #expect(entry.boxes.isEmpty && entry.mask == nil && entry.label == nil)
    }
}
