public import Explanations

/// What a metric or a similarity is, for people: the catalogue's entry.
public struct MeasureDescription: Sendable, Hashable {
    /// What a metric asks about.
    public enum Family: String, Sendable, Hashable, CaseIterable {
        /// Whether the model's score depends on what the map shows.
        case faithfulness
        /// Whether the map lies on the annotated object.
        case localisation
        /// How much of the picture the map needs.
        case complexity
        /// Whether small changes of the picture leave the map alone.
        case robustness
        /// Whether the map depends on what the model learnt.
        case randomisation
        /// Whether methods agree with each other.
        case agreement
        /// How alike two maps are.
        case similarity
    }

    /// Which way is better.
    public enum Direction: String, Sendable, Hashable {
        /// Large numbers.
        case higher
        /// Small numbers.
        case lower
        /// Neither by itself.
        case neither
    }

    /// What a picture's annotation has to hold.
    public enum Need: String, Sendable, Hashable, CaseIterable {
        /// The true class.
        case label
        /// At least one box of the explained class.
        case box
        /// A mask of the object.
        case mask
    }

    /// The name on the command line.
    public let name: String
    /// What it asks about.
    public let family: Family
    /// One sentence.
    public let summary: String
    /// The definition in plain text.
    public let formula: String
    /// The paper that defines it.
    public let paper: String
    /// The smallest and largest values, in words: `0 to 1`.
    public let range: String
    /// Which way is better.
    public let better: Direction
    /// What the annotation has to hold; empty for most.
    public let needs: Set<Need>
    /// Whether it reads the maps of the other methods of the run.
    public let comparesMethods: Bool
    /// Forward and backward passes a map, in words; `none` where the map is enough.
    public let cost: String
    /// Traps, and where implementations differ.
    public let remarks: String
    /// Parameters with defaults.
    public let parameters: [MethodDescription.Parameter]

    package init(
        name: String, family: Family, summary: String, formula: String, paper: String, range: String,
        better: Direction, needs: Set<Need> = [], comparesMethods: Bool? = nil, cost: String = "none",
        remarks: String = "",
        parameters: [MethodDescription.Parameter] = []
    ) {
        self.name = name
        self.family = family
        self.summary = summary
        self.formula = formula
        self.paper = paper
        self.range = range
        self.better = better
        self.needs = needs
        self.comparesMethods = comparesMethods ?? (family == .agreement)
        self.cost = cost
        self.remarks = remarks
        self.parameters = parameters
    }
}
