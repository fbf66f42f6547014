/// What a method is, for people: the catalogue's entry.
public struct MethodDescription: Sendable, Hashable {
    /// A parameter with its default and its range.
    public struct Parameter: Sendable, Hashable {
        /// The name in `NAME:key=value`.
        public let name: String
        /// The default as it would be written.
        public let defaultValue: String
        /// What it means and which values it takes.
        public let meaning: String
    }

    /// What a method needs to be told.
    public enum Place: String, Sendable, Hashable {
        /// A map at a layer.
        case layer
        /// A map over the input.
        case input
        /// One number a sample.
        case score
    }

    /// What kind of method it is.
    public enum Family: String, Sendable, Hashable, CaseIterable {
        /// The derivative of the score with respect to the input, or averages and path integrals of it.
        case gradient
        /// The way back through the network by rules other than the derivative.
        case modifiedBackward = "modified backward"
        /// Channels of a layer, weighted.
        case classActivation = "class activation"
        /// What the model says about changed inputs.
        case perturbation
        /// What attention attends to.
        case attention
        /// Other methods, combined.
        case composition
        /// What other methods are made of.
        case rawMaterial = "raw material"
        /// What looks at no model: explanations are read beside it.
        case reference = "reference without the model"
    }

    /// What of a raw map a picture shows.
    public enum Display: String, Sendable, Hashable {
        /// What speaks for the score; negative values are shown as nothing.
        case positive
        /// The map from its smallest to its largest value: only differences mean something.
        case relative
        /// The largest absolute value over the channels, whatever its sign.
        case magnitude
        /// The sum over the channels, in diverging colours.
        case signed
    }

    /// The name on the command line.
    public let name: String
    /// What kind of method it is.
    public let family: Family
    /// One sentence.
    public let summary: String
    /// The definition in plain text.
    public let formula: String
    /// The paper that defines it.
    public let paper: String
    /// The shape of the raw result.
    public let result: String
    /// Where the map lives.
    public let place: Place
    /// Forward and backward passes, in words.
    public let cost: String
    /// Which models it fits.
    public let fits: String
    /// What it is good and bad at, and what the literature's sanity checks say.
    public let remarks: String
    /// Parameters with defaults.
    public let parameters: [Parameter]
    /// How a picture of it is made; nil for results that are no maps.
    public let display: Display?
    /// Parameters that makers of pictures set where they are not given; raw results keep the defaults.
    public let forPictures: [String: String]

    package init(
        name: String, family: Family, summary: String, formula: String, paper: String, result: String, place: Place,
        cost: String,
        fits: String, remarks: String, parameters: [Parameter] = [], display: Display? = nil,
        forPictures: [String: String] = [:]
    ) {
        self.name = name
        self.family = family
        self.summary = summary
        self.formula = formula
        self.paper = paper
        self.result = result
        self.place = place
        self.cost = cost
        self.fits = fits
        self.remarks = remarks
        self.parameters = parameters
        self.display = display
        self.forPictures = forPictures
    }
}
