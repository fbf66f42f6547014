import Datasets
import Testing

@Suite struct COCOTests {
    static let instances = """
        {"info": {"year": 2017}, "licenses": [],
         "images": [{"id": 397133, "file_name": "000000397133.jpg", "width": 640, "height": 427, "license": 4},
                    {"id": "b", "file_name": "b.jpg", "width": 10, "height": 10},
                    {"id": 3, "file_name": "gone.jpg", "width": 10, "height": 10}, {"id": 4}],
         "annotations": [
            {"id": 1, "image_id": 397133, "category_id": 44, "bbox": [217.62, 240.54, 38.99, 57.75], "iscrowd": 0,
             "segmentation": [[224.24, 297.18, 228.29, 297.18, 234.91, 298.29]], "area": 1481.38},
            {"id": 2, "image_id": 397133, "category_id": 1, "bbox": [1, 240.24, 346.63, 186.76], "iscrowd": 1,
             "segmentation": {"counts": [1, 2], "size": [427, 640]}},
            {"id": 3, "image_id": 397133, "category_id": 44, "bbox": [0, 0, 640, 427]},
            {"id": 4, "image_id": 397133, "category_id": 44, "bbox": [0, 0, 0, 427]},
            {"id": 5, "image_id": 397133, "category_id": 44, "bbox": [0, 0, 650, 427]},
            {"id": 6, "image_id": 397133, "category_id": 99, "bbox": [0, 0, 5, 5]},
            {"id": 7, "image_id": 397133, "category_id": 1, "bbox": [0, 0, 5]},
            {"id": 8, "image_id": 397133, "category_id": 1, "bbox": "none"},
            {"id": 9, "image_id": 3, "category_id": 1, "bbox": [0, 0, 5, 5]}, 17],
         "categories": [{"id": 1, "name": "person"}, {"id": 44, "name": "bottle", "supercategory": "kitchen"}, {"id": 2}]}
        """

    @Test(arguments: [
        ("annotations/instances_val2017.json", "val2017/", ""),
        ("annotations/instances_val2017.json", "val2017/", "annotations"),
        ("_annotations.coco.json", "", ""), ("all.json", "images/", "all.json"),
    ])
    func layouts(file: String, images: String, source: String) throws {
        let folder = try DatasetFolder(
            [file: Self.instances], pictures: ["\(images)000000397133.jpg", "\(images)b.jpg"])
        let dataset = try folder.dataset(source)
        let (bottle, person) = (ClassReference.name("bottle"), ClassReference.name("person"))
        try #require(dataset.entries.count == 3)
        #expect(dataset.entries.map { $0.image.hasSuffix("000000397133.jpg") } == [true, true, false])
        #expect(dataset.entries.map(\.label) == [bottle, person, nil])
        #expect(dataset.entries[0].annotatedSize == PixelSize(width: 640, height: 427))
        #expect(
            dataset.entries[0].boxes == [
                AnnotatedBox(label: bottle, left: 217.62, top: 240.54, right: 217.62 + 38.99, bottom: 240.54 + 57.75),
                AnnotatedBox(label: bottle, left: 0, top: 0, right: 640, bottom: 427),
            ])
        #expect(
            dataset.entries[1].boxes == [
                AnnotatedBox(label: person, left: 1, top: 240.24, right: 347.63, bottom: 427, isDifficult: true)
            ])
        #expect(dataset.entries[2].boxes.isEmpty)
        let said = [
            ("category 3", "'name'"), ("image 3", "'gone.jpg'"), ("image 4", "'file_name'"), ("annotation 4", "empty"),
            ("annotation 5", "outside"), ("annotation 6", "category"), ("annotation 7", "3 numbers"),
            ("annotation 8", "usable"), ("annotation 10", "usable"),
        ]
        #expect(dataset.problems.count == said.count)
        for (problem, (place, words)) in zip(dataset.problems, said) {
            #expect(problem.contains(", \(place): ") && problem.contains(words), "\(problem)")
        }
    }

    @Test func picturesLieWhereTheCallerSays() throws {
        let folder = try DatasetFolder(["a/x.json": Self.instances], pictures: ["b/000000397133.jpg", "b/b.jpg"])
        #expect(try folder.dataset("a/x.json", images: "b").entries.count == 3)
        #expect(throws: DatasetError.self) { try folder.dataset("a/x.json", images: "c") }
    }

    @Test func hostileFilesEndInASentence() throws {
        let folder = try DatasetFolder([
            "deep.json": String(repeating: "[", count: 1_000_000),
            "objects.json": String(repeating: #"{"images":"#, count: 100_000), "list.json": "[1, 2]",
            "numbers.json": #"{"images": 3}"#, "empty.json": "", "nothing.json": #"{"images": []}"#,
        ])
        for name in ["deep", "objects", "list", "numbers", "empty", "nothing"] {
            #expect(throws: DatasetError.self) { try folder.dataset("\(name).json") }
        }
    }

    @Test func repeatedAndUnknownImagesAreCounted() throws {
        let text = """
            {"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}, {"id": 1, "file_name": "c.jpg"}],
             "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]},
                             {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5]}],
             "categories": [{"id": 1, "name": "cat"}]}
            """
        let folder = try DatasetFolder(["all.json": text], pictures: ["a.jpg", "b.jpg", "c.jpg"])
        let dataset = try folder.dataset("all.json")
        #expect(dataset.entries.map { folder.relative($0.image) } == ["a.jpg"])
        try #require(dataset.problems.count == 2)
        #expect(dataset.problems[0].contains("2 images") && dataset.problems[0].contains("same 'id'"))
        #expect(dataset.problems[1].contains("1 annotation ") && dataset.problems[1].contains("'image_id'"))
    }
}
