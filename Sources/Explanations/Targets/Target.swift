/// The scalar that is explained: a linear function of a model's outputs, one number a sample.
public indirect enum Target: Sendable, Hashable {
    /// What a target's numbers are taken from.
    public enum Source: Sendable, Hashable {
        /// An output by name, or a tensor inside of the model.
        case name(String)
        /// An output by position, counted from 0.
        case number(Int)
    }

    /// Which elements of an output.
    public enum Selection: Sendable, Hashable {
        /// All that one sample has.
        case whole
        /// One index per axis behind the batch; nil, and axes that are left, are open.
        case element([Int?])
        /// An index along the first axis behind the batch for each sample.
        case perSample([Int])
    }

    /// Elements of an output.
    case elements(Source, Selection)
    /// The mean over what is left, optionally where a mask file is 1.
    case mean(Target, mask: String?)
    /// The sum over what is left.
    case sum(Target)
    /// `Σ factor * target`.
    case combination([Term])
    /// The softmax probability, whether or not the model ends in a softmax.
    case probability(Target)
    /// The value in front of a trailing softmax or sigmoid.
    case logit(Target)
    /// Half the squared length of a whole output, `½ Σ f²`; of what enters it where the output is scaled to length 1.
    case energy(Target)
    /// The cosine of the angle between a whole output and the vector in a file.
    case cosine(Target, file: String)
    /// The inner product of a whole output and the vector in a file, `Σ w f`.
    case dot(Target, file: String)

    /// How far a whole output is from the explained input, or from what a file holds: `Σ (f - r)²`, or `Σ |f - r|`.
    case error(Target, reference: String?, isAbsolute: Bool)

    /// A target with a factor.
    public struct Term: Sendable, Hashable {
        /// The factor.
        public let factor: Double
        /// What it multiplies.
        public let target: Target

        /// `factor * target`.
        public init(_ factor: Double, _ target: Target) {
            self.factor = factor
            self.target = target
        }
    }

    /// Element `index` of the first output, for every sample.
    public static func classIndex(_ index: Int) -> Target { .elements(.number(0), .element([index])) }
}
