public import Graphs

/// EfficientNet-Lite: EfficientNet without squeeze-and-excitation, with ReLU6 for swish, and with a stem and head that do
/// not grow (R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020; M. Tan and Q. V. Le,
/// "EfficientNet", ICML 2019, arXiv:1905.11946).
///
/// Head convolution, global average pooling, one linear layer: class activation maps are exact for it.
public struct EfficientNetLite: Sendable, Hashable {
    /// The factor of all channel numbers but those of stem and head.
    public let width: Double
    /// The factor of the number of blocks in all stages but the first and the last.
    public let depth: Double
    /// The side of the square input in pixels.
    public let resolution: Int

    /// 224 pixels, 4.7 million weights.
    public static let lite0 = EfficientNetLite(width: 1, depth: 1, resolution: 224)
    /// 240 pixels, 5.4 million weights.
    public static let lite1 = EfficientNetLite(width: 1, depth: 1.1, resolution: 240)
    /// 260 pixels, 6.1 million weights.
    public static let lite2 = EfficientNetLite(width: 1.1, depth: 1.2, resolution: 260)
    /// 280 pixels, 8.2 million weights.
    public static let lite3 = EfficientNetLite(width: 1.2, depth: 1.4, resolution: 280)
    /// 300 pixels, 13.0 million weights.
    public static let lite4 = EfficientNetLite(width: 1.4, depth: 1.8, resolution: 300)

    /// Blocks of one kind in a row; the first one has the stride and changes the number of channels.
    struct Stage: Hashable {
        var blocks: Int
        var kernel: Int
        var stride: Int
        var expansion: Int
        var channels: Int
    }

    private static let baseStages = [
        Stage(blocks: 1, kernel: 3, stride: 1, expansion: 1, channels: 16),
        Stage(blocks: 2, kernel: 3, stride: 2, expansion: 6, channels: 24),
        Stage(blocks: 2, kernel: 5, stride: 2, expansion: 6, channels: 40),
        Stage(blocks: 3, kernel: 3, stride: 2, expansion: 6, channels: 80),
        Stage(blocks: 3, kernel: 5, stride: 1, expansion: 6, channels: 112),
        Stage(blocks: 4, kernel: 5, stride: 2, expansion: 6, channels: 192),
        Stage(blocks: 1, kernel: 3, stride: 1, expansion: 6, channels: 320),
    ]
    private static let stemChannels = 32
    private static let headChannels = 1280
    private static let epsilon: Float = 1e-3

    /// The stages with this variant's numbers of blocks and channels.
    var stages: [Stage] {
        Self.baseStages.enumerated().map { index, base in
            var stage = base
            let isOuter = index == 0 || index == Self.baseStages.count - 1
            if !isOuter { stage.blocks = Int((depth * Double(base.blocks)).rounded(.up)) }
            stage.channels = scaled(base.channels)
            return stage
        }
    }

    /// The network with the weights of a checkpoint, named as in `efficientnet-lite-pytorch`.
    ///
    /// Input `image`: [batch, 3, size, size], RGB, (p − 127) / 128. Output `logits`: [batch, `classes`].
    /// - Parameter size: the side of the input where it is not the variant's own.
    public func graph(weights: Checkpoint, classes: Int = 1000, size: Int? = nil) throws(TrainingError) -> Graph {
        var builder = NetworkBuilder(weights: weights)
        var map = builder.input("image", channels: 3, size: size ?? resolution)
        map = try builder.convolution(
            map, name: "_conv_stem", normalization: "_bn0", channels: Self.stemChannels, kernel: 3, stride: 2,
            epsilon: Self.epsilon, relu6: true)
        var index = 0
        for stage in stages {
            for position in 0..<stage.blocks {
                map = try builder.module("_blocks", String(index)) { builder throws(TrainingError) in
                    try block(stage, stride: position == 0 ? stage.stride : 1, map, &builder)
                }
                index += 1
            }
        }
        map = try builder.convolution(
            map, name: "_conv_head", normalization: "_bn1", channels: Self.headChannels, kernel: 1,
            epsilon: Self.epsilon, relu6: true)
        let logits = try builder.linearHead(map, name: "_fc", classes: classes)
        return try builder.finished(
            output: logits, name: "logits", dimensions: [.symbolic("batch"), .fixed(classes)])
    }

    /// An inverted residual block: widen, filter each channel, narrow, add the input where the shapes agree
    /// (M. Sandler et al., "MobileNetV2", CVPR 2018).
    private func block(
        _ stage: Stage, stride: Int, _ input: NetworkBuilder.FeatureMap, _ builder: inout NetworkBuilder
    ) throws(TrainingError) -> NetworkBuilder.FeatureMap {
        let wide = input.channels * stage.expansion
        var map = input
        if stage.expansion > 1 {
            map = try builder.convolution(
                map, name: "_expand_conv", normalization: "_bn0", channels: wide, kernel: 1,
                epsilon: Self.epsilon, relu6: true)
        }
        map = try builder.convolution(
            map, name: "_depthwise_conv", normalization: "_bn1", channels: wide, kernel: stage.kernel, stride: stride,
            groups: wide, epsilon: Self.epsilon, relu6: true)
        map = try builder.convolution(
            map, name: "_project_conv", normalization: "_bn2", channels: stage.channels, kernel: 1,
            epsilon: Self.epsilon, relu6: false)
        return stride == 1 && input.channels == stage.channels ? builder.sum(map, input) : map
    }

    /// `channels · width` to the nearest multiple of 8, never down by more than a tenth.
    private func scaled(_ channels: Int) -> Int {
        let exact = Double(channels) * width
        let rounded = max(8, Int(exact + 4) / 8 * 8)
        return Double(rounded) < 0.9 * exact ? rounded + 8 : rounded
    }
}
