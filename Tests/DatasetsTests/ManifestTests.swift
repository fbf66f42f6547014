import Datasets
import Foundation
import Testing

@Suite struct ManifestTests {
    private static let csv = """
        file,class,wnid,name,width,height,xmin,ymin,xmax,ymax,orig_width,ok
        a.jpg,472,n02951358,canoe,227,200,9.08,105.93,50.39,176.76,500,True
        a.jpg,472,n02951358,canoe,227,200,168.89,114.41,226.55,135.59,500,True
        b.jpg,3,n01491361,"tiger shark, Galeocerdo cuvieri",300,100,0,0,300,100,500,False
        """

    @Test func aTableWithBoxes() throws {
        let folder = try DatasetFolder(["boxes.csv": Self.csv], pictures: ["a.jpg", "b.jpg"])
        for source in ["", "boxes.csv"] {
            let dataset = try folder.dataset(source)
            #expect(dataset.problems == [])
            #expect(dataset.entries.map { folder.relative($0.image) } == ["a.jpg", "b.jpg"])
            #expect(dataset.entries.map(\.label) == [.index(472), .index(3)])
            #expect(
                dataset.entries.map(\.annotatedSize) == [
                    PixelSize(width: 227, height: 200), PixelSize(width: 300, height: 100),
                ])
            #expect(
                dataset.entries[0].boxes == [
                    AnnotatedBox(label: .index(472), left: 9.08, top: 105.93, right: 50.39, bottom: 176.76),
                    AnnotatedBox(label: .index(472), left: 168.89, top: 114.41, right: 226.55, bottom: 135.59),
                ])
            #expect(
                dataset.entries[1].boxes == [AnnotatedBox(label: .index(3), left: 0, top: 0, right: 300, bottom: 100)])
        }
    }

    @Test func picturesLieWhereTheCallerSays() throws {
        let folder = try DatasetFolder(["lists/all.csv": "image\nb.png\n"], pictures: ["pictures/b.png"])
        #expect(throws: DatasetError.self) { try folder.dataset("lists/all.csv") }
        let dataset = try folder.dataset("lists/all.csv", images: "pictures")
        #expect(dataset.entries == [DatasetEntry(image: folder.path("pictures/b.png"))])
    }

    @Test(arguments: [
        ("class", "472", ClassReference.index(472)), ("label", "472.0", .index(472)), ("index", "0", .index(0)),
        ("class", "tabby", .name("tabby")), ("wnid", "n02123394", .name("n02123394")),
        ("name", "Egyptian cat", .name("Egyptian cat")),
    ])
    func classesByPositionOrName(column: String, text: String, label: ClassReference) throws {
        let folder = try DatasetFolder(["list.csv": "path,\(column)\na.jpg,\(text)\n"], pictures: ["a.jpg"])
        #expect(try folder.dataset("list.csv").entries.map(\.label) == [label])
    }

    /// What other programs write: a byte order mark, CRLF or CR, tabs or semicolons, quotes with everything in them.
    @Test(arguments: [
        "\u{FEFF}file,name\r\n\"a,1.jpg\",\"two\r\nlines \"\"quoted\"\"\"\r\n",
        "file\tname\r\"a,1.jpg\"\t\"two\r\nlines \"\"quoted\"\"\"",
        "File ; Name\n\n\"a,1.jpg\";\"two\r\nlines \"\"quoted\"\"\"\n\n",
    ])
    func dialects(text: String) throws {
        let folder = try DatasetFolder(["list.csv": text], pictures: ["a,1.jpg"])
        let dataset = try folder.dataset("list.csv")
        #expect(dataset.problems == [])
        #expect(dataset.entries.map(\.label) == [.name("two\r\nlines \"quoted\"")])
    }

    @Test func brokenRowsAreListedWithTheirLines() throws {
        let text = """
            file,class,width,height,xmin,ymin,xmax,ymax,difficult
            a.jpg,1,100,50,0,0,10,10,0
            missing.jpg,1,100,50,0,0,10,10,0
            a.jpg,1,100,50,0,0,nan,10,0
            a.jpg,1,100,50,0,0,ten,10,0
            a.jpg,1,100,50,20,0,20,10,0
            a.jpg,1,100,50,0,0,102,10,0
            a.jpg,1,100,50,100,0,101,10,0
            a.jpg,1,100,,0,0,10,10,0
            a.jpg,1,0,50,0,0,10,10,0
            a.jpg,1,200,50,0,0,10,10,0
            a.jpg,-4,100,50,0,0,10,10,0
            a.jpg,1,100,50,0,0,10
            ,1,100,50,0,0,10,10,0
            a.jpg,1,100,50,0,0,10,10,perhaps
            "a.jpg"x,1,100,50,0,0,10,10,0
            a.jpg,1,100,50,-0.5,0,100.5,10,1
            a.jpg,1,100,50,0,0,,10,0
            a.jpg,1,1e300,50,0,0,10,10,0
            "a.jpg,1,100,50,0,0,10,10,0
            """
        let folder = try DatasetFolder(["list.csv": text], pictures: ["a.jpg"])
        let dataset = try folder.dataset()
        #expect(dataset.entries.count == 1)
        #expect(
            dataset.entries.first?.boxes == [
                AnnotatedBox(label: .index(1), left: 0, top: 0, right: 10, bottom: 10),
                AnnotatedBox(label: .index(1), left: 0, top: 0, right: 100, bottom: 10, isDifficult: true),
            ])
        let said = [
            (3, "no picture 'missing.jpg'"), (4, "not a number"), (5, "'ten'"), (6, "empty"), (7, "outside"),
            (8, "outside"),
            (9, "no 'height'"), (10, "size"), (11, "earlier"), (12, "'-4'"), (13, "7 cells, the header 9"),
            (14, "names no picture"), (15, "'perhaps'"), (16, "closing quote"), (18, "no 'xmax'"), (19, "size"),
            (20, "not closed"),
        ]
        #expect(dataset.problems.count == said.count)
        for (problem, (line, words)) in zip(dataset.problems, said) {
            #expect(problem.hasPrefix("list.csv, line \(line): ") && problem.contains(words), "\(problem)")
        }
    }

    @Test func linesOfJSON() throws {
        let text = """
            {"file": "a.jpg", "class": 472, "xmin": 1.5, "ymin": 2, "xmax": 10, "ymax": 20, "difficult": true, "more": [1, {}]}

            {"file": "a.jpg", "label": 472.0, "left": 3, "top": 4, "right": 5, "bottom": 6, "name": null}
            {"file": ["a.jpg"]}
            {"file": "a.jpg",
            [1]
            {"file": "a.jpg", "xmin": 0, "ymin": 0, "xmax": NaN, "ymax": 1}
            {"file": "a.jpg", "xmin": 0, "ymin": 0, "xmax": 1e999, "ymax": 1}
            {"file": "b.jpg", "class": "cat", "mask": "b.png"}
            {"file": "b.jpg", "mask": "c.png"}
            """
        let folder = try DatasetFolder(["list.jsonl": text], pictures: ["a.jpg", "b.jpg", "b.png"])
        let dataset = try folder.dataset("list.jsonl")
        #expect(
            dataset.entries == [
                DatasetEntry(
                    image: folder.path("a.jpg"), label: .index(472),
                    boxes: [
                        AnnotatedBox(label: .index(472), left: 1.5, top: 2, right: 10, bottom: 20, isDifficult: true),
                        AnnotatedBox(label: .index(472), left: 3, top: 4, right: 5, bottom: 6),
                    ]),
                DatasetEntry(
                    image: folder.path("b.jpg"), label: .name("cat"), mask: AnnotatedMask(file: folder.path("b.png"))),
            ])
        #expect(
            dataset.problems.map { $0.prefix(18) } == (4...8).map { "list.jsonl, line \($0)" } + ["list.jsonl, line 1"])
    }

    @Test func numbersBeyondAllBoundsAreNamedAsSuch() throws {
        let text = """
            {"file": "a.jpg", "xmin": 0, "ymin": 0, "xmax": 1e400, "ymax": 1}
            {"file": "a.jpg", "xmin": 0, "ymin": 0, "xmax": {}, "ymax": 1}
            {"file": "a.jpg", "xmin": 0, "ymin": 0, "xmax": [1], "ymax": 1}
            {"file": "a.jpg"}
            """
        let problems = try DatasetFolder(["list.jsonl": text], pictures: ["a.jpg"]).dataset("list.jsonl").problems
        try #require(problems.count == 3)
        #expect(problems[0].contains("'xmax' is a number beyond"))
        #expect(problems[1].contains("list or an object") && problems[2].contains("list or an object"))
    }

    /// An accent may be one character or two: equal texts, and two files.
    @Test func namesAreComparedByTheirBytes() throws {
        let (composed, decomposed) = ("caf\u{E9}.jpg", "cafe\u{301}.jpg")
        let text = """
            {"file": "\(composed)", "class": 1, "width": 10, "height": 10, "xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}
            {"file": "\(decomposed)", "class": 1, "width": 20, "height": 10, "xmin": 0, "ymin": 0, "xmax": 2, "ymax": 1}
            """
        let dataset = try DatasetFolder(["list.jsonl": text], pictures: [composed, decomposed]).dataset("list.jsonl")
        #expect(dataset.problems == [])
        #expect(dataset.entries.map { $0.boxes.map(\.right) } == [[1], [2]])
    }

    @Test func masksByConvention() throws {
        let folder = try DatasetFolder(
            ["boxes.csv": "file,breed\nAbyssinian_1.jpg,Abyssinian\nb.jpg,none\n"],
            pictures: ["Abyssinian_1.jpg", "b.jpg", "trimaps/Abyssinian_1.png", "masks/b.npy"])
        #expect(
            try folder.dataset().entries == [
                DatasetEntry(
                    image: folder.path("Abyssinian_1.jpg"), label: .name("Abyssinian"),
                    mask: AnnotatedMask(file: folder.path("trimaps/Abyssinian_1.png"), object: [1], undecided: [3])),
                DatasetEntry(
                    image: folder.path("b.jpg"), label: .name("none"),
                    mask: AnnotatedMask(file: folder.path("masks/b.npy"))),
            ])
    }

    @Test func whatNobodyCanUseIsSaid() throws {
        let folder = try DatasetFolder(
            [
                "two/a.csv": "file\n", "two/b.csv": "file\n", "headless.csv": "a.jpg,3\n",
                "gone.csv": "file\nx.jpg\ny.jpg\n",
                "empty/readme.txt": "nothing", "list.txt": "a.jpg",
            ])
        let sentences: [(String, String)] = [
            ("nowhere", "There is no data set"), ("two", "(a.csv, b.csv)"), ("headless.csv", "add a header"),
            ("gone.csv", "2 problems"), ("empty", "not a data set"), ("list.txt", "not a data set"),
        ]
        for (path, words) in sentences {
            let error = #expect(throws: DatasetError.self) { try folder.dataset(path) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
        #expect(throws: DatasetError.self) { try Dataset(contentsOf: "/dev/zero", format: DatasetFormat(named: "csv")) }
    }
}
