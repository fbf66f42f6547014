import Foundation
import Gaze
import Testing

/// The committed pages are what the methods say of themselves.
@Suite struct MethodPageTests {
    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Documentation/Methods")
    }

    @Test func pagesAreUpToDate() throws {
        let pages = MethodPage.files(MethodCatalogue.descriptions)
        for (name, text) in pages {
            let committed = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            #expect(committed == text, "\(name) is out of date: run make documentation")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let strays = Set(files).subtracting(pages.keys).subtracting(["Agreement.md"])
        #expect(strays.isEmpty, "pages of methods that do not exist: \(strays.sorted())")
    }

    @Test func everyMethodSaysWhatAUserNeeds() {
        for method in MethodCatalogue.descriptions {
            for (what, text) in [
                ("summary", method.summary), ("result", method.result), ("cost", method.cost), ("fits", method.fits),
                ("remarks", method.remarks), ("formula", method.formula),
            ] {
                #expect(!text.isEmpty, "\(method.name) has no \(what)")
            }
            #expect(
                !method.paper.isEmpty || [.rawMaterial, .composition, .reference].contains(method.family),
                "\(method.name) names no paper")
            #expect(Set(method.parameters.map(\.name)).count == method.parameters.count)
        }
    }

    @Test func aPageHoldsEveryParameter() throws {
        let method = try MethodCatalogue.description(named: "activation")
        let page = MethodPage.markdown(method)
        #expect(page.hasPrefix("# activation\n") && page.contains("| `layout` | `model` |"))
    }
}
