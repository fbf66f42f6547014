import Foundation
import Imaging
import Tensors
import Testing

/// Files of more than 8-bit RGB, by `Scripts/golden/deep_pictures.py`.
@Suite struct DeepPictureTests {
    struct Index: Decodable {
        let cases: [Case]
        let broken: [Broken]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let channels: Preprocessing.Channels
        let resize: ResizeRule
        let filter: ResamplingFilter
        let count: Int?
        let array: String?
        let tolerance: Float
        let values: Data
        var testDescription: String { "\(file) as \(channels.rawValue), \(resize) by \(filter)" }

        var expected: [Float] {
            stride(from: 0, to: values.count, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(values[start + $1]) << (8 * UInt32($1)) })
            }
        }
    }

    struct Broken: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let count: Int
        let words: [String]
        var testDescription: String { file }
    }

    static let index = Result {
        try JSONDecoder().decode(
            Index.self, from: Data(contentsOf: ImageFixtures.golden.appending(path: "deep-pictures.json")))
    }
    static var cases: [Case] { (try? index.get().cases) ?? [] }
    static var broken: [Broken] { (try? index.get().broken) ?? [] }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().cases.count == 42)
        #expect(try Self.index.get().broken.count == 5)
    }

    /// The model's input with a scale of 1: the file's numbers on the scale 0...255.
    @Test(arguments: cases)
    func modelsGetWhatTheFileHolds(_ golden: Case) throws {
        let picture = try Picture(
            contentsOf: ImageFixtures.path(golden.file),
            channels: ChannelReading(count: golden.count, array: golden.array))
        var rule = Preprocessing(resize: golden.resize, channels: golden.channels, scale: 1)
        rule.filter = golden.filter
        let found = try rule.apply(to: picture)
        let expected = golden.expected
        #expect(found.shape == [1, golden.channels.count, golden.resize.height, golden.resize.width])
        #expect(found.elements.count == expected.count)
        let largest = max(1, expected.map(abs).max() ?? 0)
        for (value, truth) in zip(found.elements, expected) {
            #expect(abs(value - truth) <= golden.tolerance * (golden.tolerance < 1e-3 ? largest : 1))
        }
        // Channels last are the same numbers in another order.
        rule.layout = .nhwc
        let last = try rule.apply(to: picture)
        let (count, area) = (golden.channels.count, golden.resize.height * golden.resize.width)
        #expect(
            (0..<area).allSatisfy { last.elements[$0 * count + count - 1] == found.elements[(count - 1) * area + $0] })
    }

    @Test(arguments: broken)
    func unusableFilesEndInOneSentence(_ golden: Broken) throws {
        let error = #expect(throws: ImagingError.self) {
            try Picture(
                contentsOf: ImageFixtures.path(golden.file), channels: ChannelReading(count: golden.count))
        }
        let text = try #require(error).description
        for word in golden.words { #expect(text.contains(word), "\(text)") }
        #expect(text.contains(golden.file) && !text.contains("\n"))
    }

    @Test func turnedSamplesStayWithTheirPixels() throws {
        let picture = try Picture(contentsOf: ImageFixtures.path("deep-rgb.png"))
        for orientation in 1...8 {
            let turned = try #require(Orientation(rawValue: UInt16(orientation))).upright(picture)
            let samples = try #require(turned.samples)
            // Shown are the high bytes of the same values.
            for channel in 0..<3 {
                let plane = samples.plane(channel)
                for (index, value) in plane.enumerated() {
                    #expect(turned.pixels[index * 3 + channel] == UInt8(Int((value * 257).rounded()) >> 8))
                }
            }
        }
    }

    @Test func chosenChannelsAreShown() throws {
        let path = ImageFixtures.path("bands-16.tif")
        let usual = try Picture(contentsOf: path)
        let chosen = try Picture(contentsOf: path, channels: ChannelReading(shown: [3, 2, 1]))
        let grey = try Picture(contentsOf: path, channels: ChannelReading(shown: [2]))
        for pixel in 0..<usual.width * usual.height {
            #expect(usual.pixels[pixel * 3] == chosen.pixels[pixel * 3 + 2])
            #expect(usual.pixels[pixel * 3 + 1] == grey.pixels[pixel * 3])
            #expect(grey.pixels[pixel * 3] == grey.pixels[pixel * 3 + 2])
        }
        // 2 % of the pixels are black and 2 % white.
        for channel in 0..<3 {
            let plane = stride(from: channel, to: usual.pixels.count, by: 3).map { usual.pixels[$0] }
            let count = Double(plane.count)
            #expect((0.01...0.05).contains(Double(plane.filter { $0 == 0 }.count) / count))
            #expect((0.01...0.05).contains(Double(plane.filter { $0 == 255 }.count) / count))
        }
        for shown in [[6], [0], [1, 2], [1, 2, 3, 4]] {
            #expect(throws: ImagingError.self) { try Picture(contentsOf: path, channels: ChannelReading(shown: shown)) }
        }
        // A model gets the same numbers whatever is shown.
        let rule = Preprocessing(resize: .squash(width: 17, height: 13), channels: .numbered(5), scale: 1)
        #expect(try rule.apply(to: usual) == rule.apply(to: chosen))
        let photo = try Picture(contentsOf: ImageFixtures.path("rgb-8.png"))
        let swapped = try Picture(
            contentsOf: ImageFixtures.path("rgb-8.png"), channels: ChannelReading(shown: [3, 2, 1]))
        #expect(swapped.pixels[0] == photo.pixels[2] && swapped.pixels[2] == photo.pixels[0])
        let colours = Preprocessing(resize: .squash(width: 17, height: 13))
        #expect(try colours.apply(to: photo) == colours.apply(to: swapped))
    }

    @Test func letterboxFillsEveryChannel() throws {
        let picture = try Picture(contentsOf: ImageFixtures.path("bands-16.tif"))
        let rule = Preprocessing(
            resize: .letterbox(width: 17, height: 17, fill: Colour(grey: 114), anchor: .topLeft),
            channels: .numbered(5), scale: 1)
        let found = try rule.apply(to: picture)
        let whole = Preprocessing(resize: .squash(width: 17, height: 13), channels: .numbered(5), scale: 1)
        let plain = try whole.apply(to: picture)
        for channel in 0..<5 {
            for y in 0..<17 {
                for x in 0..<17 {
                    #expect(found[0, channel, y, x] == (y < 13 ? plain[0, channel, y, x] : 114))
                }
            }
        }
    }

    @Test func otherChannelsThanTheModelsAreRefused() throws {
        let bands = try Picture(contentsOf: ImageFixtures.path("bands-16.tif"))
        let photo = try Picture(contentsOf: ImageFixtures.path("rgb-8.png"))
        for (picture, channels) in [(bands, Preprocessing.Channels.rgb), (bands, .numbered(4)), (photo, .numbered(5))] {
            let rule = Preprocessing(resize: .squash(width: 8, height: 8), channels: channels)
            let error = #expect(throws: ImagingError.self) { try rule.apply(to: picture) }
            #expect(try #require(error).description.contains("channels, and the model takes \(channels.count)"))
        }
    }

    @Test func limitsHoldForTIFFAndArrays() {
        for file in ["rgb-16-planar.tif", "bands-16-pages.tif", "rgb-u8.npy", "palette.tif"] {
            let path = ImageFixtures.path(file)
            #expect(throws: ImagingError.tooManyPixels(name: path, width: 17, height: 13, maximum: 220)) {
                try Picture(contentsOf: path, limits: DecodingLimits(maximumPixels: 220))
            }
        }
    }
}

@Suite struct PresetChannelTests {
    @Test func presetsTakeTheModelsChannels() {
        let rule = ResizeRule.squash(width: 4, height: 4)
        let grey = PreprocessingPreset.imagenet.preprocessing(resize: rule, channels: .grey)
        // The means of .485 .456 .406 and of .229 .224 .225.
        #expect(
            grey.channels == .grey && abs(grey.mean[0] - 0.449) < 1e-12
                && abs(grey.standardDeviation[0] - 0.226) < 1e-12)
        let opaque = PreprocessingPreset.caffe.preprocessing(resize: rule, channels: .rgba)
        #expect(opaque.mean == [123, 117, 104, 344.0 / 3] && opaque.standardDeviation == [1])
        let bands = PreprocessingPreset.inception.preprocessing(resize: rule, channels: .numbered(7))
        #expect(bands.channels.count == 7 && bands.mean == [1] && bands.scale == 1 / 127.5)
        // Three channels keep the preset's own order.
        #expect(PreprocessingPreset.caffe.preprocessing(resize: rule, channels: .rgb).channels == .bgr)
        for preset in PreprocessingPreset.allCases {
            for channels in [Preprocessing.Channels.grey, .rgba, .numbered(2)] {
                #expect(throws: Never.self) {
                    try preset.preprocessing(resize: rule, channels: channels).validate()
                }
            }
        }
    }

    @Test func textFormsOfChannelsReadBack() throws {
        for text in ["rgb", "bgr", "grey", "rgba", "2", "13"] {
            #expect(try #require(Preprocessing.Channels(rawValue: text)).rawValue == text)
        }
        for text in ["", "0", "-1", "yuv", "5000", "3.0"] { #expect(Preprocessing.Channels(rawValue: text) == nil) }
    }

    @Test func channelsOfAnyNumberAreGuessed() throws {
        for (shape, axis, layout, count) in [
            ([1, 5, 64, 64], nil, Preprocessing.Layout.nchw, 5), ([1, 64, 64, 13], nil, .nhwc, 13),
            ([1, 2, 32, 32], nil, .nchw, 2), ([1, 6, nil, nil], 1, .nchw, 6), ([1, nil, nil, 8], 3, .nhwc, 8),
        ] as [([Int?], Int?, Preprocessing.Layout, Int)] {
            let (rule, reasons) = try Preprocessing.guess(inputShape: shape, elementType: .float32, channelAxis: axis)
            #expect(rule.layout == layout && rule.channels == .numbered(count))
            #expect(rule.scale == 1 && rule.mean == [0] && rule.standardDeviation == [1])
            #expect(reasons.contains { $0.topic == .normalisation && $0.text.contains("\(count) channels") })
        }
    }
}
