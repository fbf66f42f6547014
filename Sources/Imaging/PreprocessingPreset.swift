/// The conventions that published models were trained with, by the names people know them by.
public enum PreprocessingPreset: String, Sendable, Hashable, Codable, CaseIterable {
    /// torchvision and timm: RGB / 255, minus .485 .456 .406, by .229 .224 .225; short side 256, crop 224.
    case imagenet
    /// Inception, MobileNet of TensorFlow, ViT: RGB in -1...1.
    case inception
    /// EfficientNet-Lite: RGB, (p - 127) / 128.
    case efficientNetLite = "efficientnet-lite"
    /// RGB / 255 and nothing else.
    case zeroToOne = "zero-to-one"
    /// The pixels 0...255 as they are; the model normalises by itself.
    case raw255 = "raw-255"
    /// Caffe's networks: BGR 0...255 minus 104, 117, 123.
    case caffe = "caffe-bgr"

    /// The preset for a model of these channels: three have its constants in its own order, opacity and channels of any other
    /// number the means of its three constants.
    public func preprocessing(
        resize: ResizeRule, layout: Preprocessing.Layout = .nchw, channels: Preprocessing.Channels
    ) -> Preprocessing {
        var result = preprocessing(resize: resize, layout: layout)
        guard channels.count != 3 else { return result }
        let isReversed = result.channels == .bgr
        func adapted(_ values: [Double]) -> [Double] {
            guard values.count == 3 else { return values }
            let mean = values.reduce(0, +) / 3
            guard channels == .rgba else { return [mean] }
            return (isReversed ? values.reversed() : values) + [mean]
        }
        result.channels = channels
        result.mean = adapted(result.mean)
        result.standardDeviation = adapted(result.standardDeviation)
        return result
    }

    /// The preset's channel order, scale, mean and standard deviation for a way of resizing.
    public func preprocessing(
        resize: ResizeRule = .crop(width: 224, height: 224, shortSide: 256), layout: Preprocessing.Layout = .nchw
    ) -> Preprocessing {
        var result = Preprocessing(resize: resize, layout: layout)
        switch self {
        case .imagenet:
            result.mean = [0.485, 0.456, 0.406]
            result.standardDeviation = [0.229, 0.224, 0.225]
        case .inception:
            result.scale = 1 / 127.5
            result.mean = [1]
        case .efficientNetLite:
            result.scale = 1
            result.mean = [127]
            result.standardDeviation = [128]
            result.filter = .bicubic
        case .zeroToOne:
            break
        case .raw255:
            result.scale = 1
        case .caffe:
            result.channels = .bgr
            result.scale = 1
            result.mean = [104, 117, 123]
        }
        return result
    }
}
