import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct PreprocessingTests {
    struct Records: Decodable {
        struct Case: Decodable {
            var source: SyntheticPicture
            var filter: ResamplingFilter
            var resize: ResizeRule
            var hash: String
            var indices: [Int]
            var values: [Float]
            var grey: Bool
        }
        var cases: [Case]
    }

    @Test func equalsTorchvision() throws {
        let golden = try Golden.decode(Records.self, "torchvision-preprocessing.json")
        #expect(golden.cases.count > 90)
        for item in golden.cases {
            var rule = PreprocessingPreset.imagenet.preprocessing(resize: item.resize)
            if item.grey {
                rule = Preprocessing(resize: item.resize, channels: .grey)
            }
            rule.filter = item.filter
            let photo = item.source.picture
            let label = "\(photo.width)x\(photo.height) \(item.resize) \(item.filter)"
            #expect(SyntheticPicture.hash(try rule.seenPicture(of: photo).pixels) == item.hash, "\(label)")
            let tensor = try rule.apply(to: photo)
            #expect(tensor.shape == [1, item.grey ? 1 : 3, item.resize.height, item.resize.width])
            for (index, value) in zip(item.indices, item.values) {
                #expect(abs(tensor.elements[index] - value) < 1e-6, "\(label) at \(index)")
            }
        }
    }

    @Test func channelsLastHoldsTheSameValues() throws {
        let photo = SyntheticPicture(width: 30, height: 20, seed: 5, block: 3).picture
        var rule = PreprocessingPreset.imagenet.preprocessing(resize: .crop(width: 10, height: 8, shortSide: 12))
        let first = try rule.apply(to: photo)
        rule.layout = .nhwc
        let last = try rule.apply(to: photo)
        #expect(last.shape == [1, 8, 10, 3])
        for channel in 0..<3 {
            for y in 0..<8 { for x in 0..<10 { #expect(first[0, channel, y, x] == last[0, y, x, channel]) } }
        }
    }

    @Test func presetsComputeWhatTheyName() throws {
        let photo = Picture(width: 5, height: 5, red: 200, green: 100, blue: 0)
        func values(_ preset: PreprocessingPreset) throws -> [Float] {
            let tensor = try preset.preprocessing(resize: .squash(width: 2, height: 2)).apply(to: photo)
            return (0..<3).map { tensor[0, $0, 1, 1] }
        }
        #expect(try values(.raw255) == [200, 100, 0])
        #expect(try values(.zeroToOne) == [Float(200.0 / 255), Float(100.0 / 255), 0])
        #expect(try values(.inception)[2] == -1)
        #expect(abs(try values(.inception)[0] - 0.568_627_5) < 1e-6)
        #expect(try values(.caffe) == [0 - 104, 100 - 117, 200 - 123])
        #expect(try values(.efficientNetLite) == [73.0 / 128, -27.0 / 128, -127.0 / 128])
        #expect(abs(try values(.imagenet)[1] - Float((100.0 / 255 - 0.456) / 0.224)) < 1e-6)
    }

    @Test func otherChannelsAndTypes() throws {
        let photo = Picture(width: 3, height: 3, red: 10, green: 20, blue: 250)
        var rule = Preprocessing(resize: .squash(width: 1, height: 1), channels: .rgba, scale: 1)
        #expect(try rule.apply(to: photo).elements == [10, 20, 250, 255])
        rule.channels = .grey
        // 0.299 R + 0.587 G + 0.114 B = 43.2
        #expect(try rule.apply(to: photo).elements == [43])
        rule.channels = .rgb
        rule.element = .uint8
        rule.mean = [15]
        #expect(try rule.input(from: photo).typed(as: UInt8.self).elements == [0, 5, 235])
    }

    @Test func letterboxFillsAroundThePicture() throws {
        let photo = Picture(width: 40, height: 10, red: 255, green: 255, blue: 255)
        let fill = Colour(red: 1, green: 2, blue: 3)
        for (anchor, first) in [(ResizeRule.Anchor.centre, 7), (.topLeft, 0)] {
            let rule = Preprocessing(resize: .letterbox(width: 20, height: 20, fill: fill, anchor: anchor))
            let seen = try rule.seenPicture(of: photo)
            for y in 0..<20 {
                let inside = (first..<first + 5).contains(y)
                #expect(Array(seen.pixels[y * 60..<y * 60 + 3]) == (inside ? [255, 255, 255] : [1, 2, 3]))
            }
        }
    }

    @Test func textFormsReadBack() throws {
        let rules: [ResizeRule] = [
            .squash(width: 224, height: 192), .crop(width: 224, height: 224, shortSide: 256),
            .letterbox(width: 640, height: 320, fill: Colour(grey: 0x72), anchor: .topLeft),
        ]
        for rule in rules { #expect(try ResizeRule(text: rule.description) == rule) }
        #expect(rules[2].description == "letterbox:640x320,fill=#727272,anchor=top-left")
        #expect(try ResizeRule(text: "squash:300") == .squash(width: 300, height: 300))
        #expect(try ResizeRule(text: "crop:200") == .crop(width: 200, height: 200, shortSide: 200))
        for text in [
            "", "224", "squash", "squash:", "squash:axb", "squash:1x2x3", "crop:224,short=x", "crop:224,long=3",
            "letterbox:3,fill=#12", "letterbox:3,anchor=left", "squash:3,short=4", "crop:224,short=3,short=4", "crop:,",
            "crop:224=5", "squash:99999999999999999999x1", "squash:xx4",
        ] {
            #expect(throws: ImagingError.self, "\(text)") { try ResizeRule(text: text) }
        }
    }

    @Test func sidecarFormReadsBackAndFillsDefaults() throws {
        for preset in PreprocessingPreset.allCases {
            let rule = preset.preprocessing()
            #expect(try JSONDecoder().decode(Preprocessing.self, from: JSONEncoder().encode(rule)) == rule)
        }
        let short = try JSONDecoder().decode(Preprocessing.self, from: Data(#"{"resize": "squash:8x8"}"#.utf8))
        #expect(short == Preprocessing(resize: .squash(width: 8, height: 8)))
        for bad in [
            #"{}"#, #"{"resize": "squash:0x8"}"#, #"{"resize": "squash:8x8", "std": [0]}"#,
            #"{"resize": "squash:8x8", "mean": [1, 2]}"#, #"{"resize": "squash:8x8", "channels": "yuv"}"#,
            #"{"resize": "crop:8x8,short=9999999999"}"#, #"{"resize": "squash:8x8", "scale": 0}"#,
        ] {
            #expect(throws: (any Error).self, "\(bad)") {
                try JSONDecoder().decode(Preprocessing.self, from: Data(bad.utf8))
            }
        }
    }

    @Test func aThreadOfAPhotographIsRefusedByCropAndTakenBySquash() throws {
        let photo = Picture(width: 1, height: 20_000)
        #expect(throws: ImagingError.self) { try PreprocessingPreset.imagenet.preprocessing().apply(to: photo) }
        let squash = Preprocessing(resize: .squash(width: 4, height: 4))
        #expect(try squash.apply(to: photo).shape == [1, 3, 4, 4])
    }
}

@Suite struct PreprocessingGuessTests {
    @Test(arguments: [
        ([1, 3, 224, 224], "crop:224x224,short=256", Preprocessing.Layout.nchw, Preprocessing.Channels.rgb),
        ([nil, 3, 299, 299], "crop:299x299,short=342", .nchw, .rgb),
        ([nil, 3, nil, nil], "crop:224x224,short=256", .nchw, .rgb),
        ([1, 240, 320, 3], "crop:320x240,short=274", .nhwc, .rgb),
        ([-1, 1, 28, 28], "crop:28x28,short=32", .nchw, .grey),
        ([1, 64, 64, 1], "crop:64x64,short=73", .nhwc, .grey),
        ([1, 4, 32, 32], "crop:32x32,short=37", .nchw, .rgba),
        ([nil, nil, nil, nil], "crop:224x224,short=256", .nchw, .rgb),
    ])
    func guessesFromTheShape(
        shape: [Int?], resize: String, layout: Preprocessing.Layout, channels: Preprocessing.Channels
    ) throws {
        let (rule, reasons) = try Preprocessing.guess(inputShape: shape, elementType: .float32)
        #expect(rule.resize.description == resize)
        #expect(rule.layout == layout)
        #expect(rule.channels == channels)
        #expect(rule.mean.count == (channels == .rgb ? 3 : 1))
        #expect(!reasons.isEmpty)
        #expect(reasons.allSatisfy { $0.text.hasSuffix(".") })
        try rule.validate()
    }

    /// The lengths alone would say the other axis, or a grey picture.
    @Test func theModelsOwnAxisOfChannelsGoesBeforeTheLengths() throws {
        let first = try Preprocessing.guess(inputShape: [1, 4, 8, 3], elementType: .float32, channelAxis: 1)
        #expect(first.preprocessing.layout == .nchw && first.preprocessing.channels == .rgba)
        #expect(first.preprocessing.inputShape == [1, 4, 8, 3])
        let last = try Preprocessing.guess(inputShape: [1, 3, 8, 4], elementType: .float32, channelAxis: 3)
        #expect(last.preprocessing.layout == .nhwc && last.preprocessing.inputShape == [1, 3, 8, 4])
        let strip = try Preprocessing.guess(inputShape: [1, 11, 60, 1], elementType: .float32, channelAxis: 1)
        #expect(strip.preprocessing.layout == .nchw && strip.preprocessing.channels == .numbered(11))
    }

    @Test func bytesStayBytes() throws {
        let (rule, _) = try Preprocessing.guess(inputShape: [1, 224, 224, 3], elementType: .uint8)
        #expect(rule.element == .uint8)
        #expect(rule.scale == 1)
        #expect(rule.mean == [0])
    }

    @Test func whatIsNoPictureIsRefused() {
        let shapes: [[Int?]] = [[], [1, 128], [1, 3, 224], [1, 7, 8, 8], [1, 2, 3, 4, 5], [1, 5, 5, nil]]
        for shape in shapes {
            #expect(throws: ImagingError.self) { try Preprocessing.guess(inputShape: shape, elementType: .float32) }
        }
        #expect(throws: ImagingError.self) {
            try Preprocessing.guess(inputShape: [1, 3, 8, 8], elementType: .int64)
        }
    }
}
