import Datasets
import Foundation
import Testing

/// Short ways that large manifests take, against the long ones.
@Suite struct LargeManifestTests {
    /// A row in its plain form is read without a general decoder; with an escape in a name that nothing asks for, by one.
    @Test(arguments: [
        "0", "-0", "7", "-3", "12.0", "12.50", "-0.5", "1e1", "1.5E-2", "007", "1.", ".5", "-", "--1", "+1", "1.2.3",
        "0.1",
        "123456789012345", "1234567890123456", "99999999999999999999", "1e999", "true", "false", "null", "nul", "truex",
        "\"3\"", "\" 4 \"", "\"4.0\"", "\"four\"", "\"\"", "\"é\"", "\"a\\\"b\"", "[1]", "{}", "{\"a\":1}", "", "1 2",
        "\"a\" 1",
    ]) func bothWaysSayTheSame(value: String) throws {
        for column in ["class", "xmin", "width", "difficult"] {
            let rest = #""file":"a.png","xmax":20,"ymin":1,"ymax":5,"height":9"#
            let others = column == "xmin" ? "" : #","xmin":0"#
            let row = "{\(rest)\(others),\"\(column)\":\(value)}"
            let escaped = "{\"\\u0061side\":1,\(rest)\(others),\"\(column)\":\(value)}"
            let sure = #"{"file":"b.png","class":1}"#
            let folder = try DatasetFolder(
                ["plain.jsonl": row + "\n" + sure, "escaped.jsonl": escaped + "\n" + sure],
                pictures: ["a.png", "b.png"])
            let (plain, long) = (try folder.dataset("plain.jsonl"), try folder.dataset("escaped.jsonl"))
            #expect(plain.entries == long.entries)
            #expect(
                plain.problems.map { $0.replacing("plain", with: "") }
                    == long.problems.map { $0.replacing("escaped", with: "") })
        }
    }

    @Test func numbersOfPlainRows() throws {
        let folder = try DatasetFolder(
            [
                "rows.jsonl":
                    "{ \"file\" : \"a.png\",\t\"class\":472.0,\"xmin\":-0.5,\"ymin\":0,\"xmax\":12.25,\"ymax\":7 }\r\n"
            ],
            pictures: ["a.png"])
        let entry = try #require(try folder.dataset().entries.first)
        #expect(entry.label == .index(472))
        #expect(entry.boxes == [AnnotatedBox(label: .index(472), left: 0, top: 0, right: 12.25, bottom: 7)])
    }

    /// A name that stands in two folders' lists, folders of pictures' names, and links: what a list of names does not tell.
    @Test func whatIsNoFileIsNoPicture() throws {
        let folder = try DatasetFolder(
            ["rows.csv": "file\na.png\nfolder.png\nlink.png\nsub/a.png\na.png/x\nsub/../a.png\nmissing.png\n"],
            pictures: ["a.png", "folder.png/inside", "sub/b.png", "masks/a.png", "masks/b.npy"])
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "nowhere.png")
        let dataset = try folder.dataset("rows.csv")
        #expect(dataset.entries.map { folder.relative($0.image) } == ["a.png", "sub/../a.png"])
        #expect(dataset.entries.map { $0.mask.map { folder.relative($0.file) } } == ["masks/a.png", "masks/a.png"])
        #expect(dataset.problems.count == 5)
    }
}
