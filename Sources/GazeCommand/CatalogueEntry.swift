import Gaze

/// How an entry of a catalogue, methods' or metrics', is shown.
enum CatalogueEntry {
    /// Puts the name, what is known in columns, and the parameters below; facts without a text are left out.
    static func put(
        _ name: String, facts: [(name: String, text: String)], parameters: [MethodDescription.Parameter]
    ) {
        Console.put(name)
        Console.putLines(Console.table(facts.filter { !$0.text.isEmpty }.map { ["", $0.name, $0.text] }))
        guard !parameters.isEmpty else { return }
        Console.put("  parameters")
        Console.putLines(Console.table(parameters.map { ["", "", "\($0.name)=\($0.defaultValue)", $0.meaning] }))
    }

    /// The parameters as JSON has them.
    static func fields(of parameters: [MethodDescription.Parameter]) -> [[String: String]] {
        parameters.map { ["name": $0.name, "default": $0.defaultValue, "meaning": $0.meaning] }
    }
}
