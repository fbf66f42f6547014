import Explanations
import Testing

@Suite struct MethodCatalogueTests {
    @Test func namesAreSortedAndUnique() {
        let names = MethodCatalogue.descriptions.map(\.name)
        #expect(Set(names).count == names.count && names == names.sorted())
    }

    /// The catalogue tells the truth about parameters: each is taken with the default that is printed, no other is.
    @Test(arguments: MethodCatalogue.descriptions.map(\.name)) func parametersAreWhatTheCatalogueSays(
        name: String
    ) throws {
        let description = try MethodCatalogue.description(named: name)
        // Methods that need a file say so where it is missing.
        func make(_ text: String) throws { _ = try MethodCatalogue.method(MethodSpecification(parsing: text)) }
        for parameter in description.parameters where parameter.defaultValue != "none" {
            try make("\(name):\(parameter.name)=\(parameter.defaultValue)")
            if !parameter.meaning.contains("method") {
                #expect(throws: ExplanationError.self) { try make("\(name):\(parameter.name)=?") }
            }
        }
        #expect(throws: ExplanationError.self) { try make("\(name):no-such-parameter=1") }
    }
}
