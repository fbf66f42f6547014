import Datasets
import Testing

@Suite struct FolderTests {
    @Test func aFolderAClass() throws {
        let folder = try DatasetFolder(
            pictures: [
                "n02123394/a.JPEG", "n02123394/b.jpg", "7/c.png", "tabby cat/d.webp", "tabby cat/notes.txt",
                "tabby cat/e.gif", "masks/7/c.png", ".hidden/x.jpg", "-1/f.jpg", "none/readme",
            ])
        let dataset = try folder.dataset()
        #expect(
            dataset.entries == [
                DatasetEntry(
                    image: folder.path("7/c.png"), label: .index(7),
                    mask: AnnotatedMask(file: folder.path("masks/7/c.png"))),
                DatasetEntry(image: folder.path("n02123394/a.JPEG"), label: .name("n02123394")),
                DatasetEntry(image: folder.path("n02123394/b.jpg"), label: .name("n02123394")),
                DatasetEntry(image: folder.path("tabby cat/d.webp"), label: .name("tabby cat")),
            ])
        #expect(dataset.problems.count == 3)
        for words in ["-1: '-1' is neither", "none: there is no picture", "e.gif: pictures of the kind 'gif'"] {
            #expect(dataset.problems.contains { $0.contains(words) }, "\(words) in \(dataset.problems)")
        }
    }

    @Test func aFlatFolder() throws {
        let folder = try DatasetFolder(pictures: ["b.jpg", "a.png", "results.txt", "out/c.png"])
        let dataset = try folder.dataset()
        #expect(dataset == Dataset(entries: ["a.png", "b.jpg"].map { DatasetEntry(image: folder.path($0)) }))
        #expect(try folder.dataset("b.jpg") == Dataset(entries: [DatasetEntry(image: folder.path("b.jpg"))]))
    }

    @Test func everyFormatHasAName() {
        #expect(Set(DatasetFormat.all.map(\.name)) == ["csv", "jsonl", "voc", "coco", "folders", "pictures"])
        for format in DatasetFormat.all { #expect(DatasetFormat(named: format.name) == format) }
        #expect(DatasetFormat(named: "tfrecord") == nil)
    }
}
