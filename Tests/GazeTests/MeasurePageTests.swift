import Foundation
import Gaze
import Testing

/// The committed pages are what the metrics say of themselves.
@Suite struct MeasurePageTests {
    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Documentation/Metrics")
    }

    @Test func pagesAreUpToDate() throws {
        let pages = MeasurePage.files(MeasureCatalogue.descriptions)
        for (name, text) in pages {
            let committed = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
            #expect(committed == text, "\(name) is out of date: run make documentation")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let strays = Set(files).subtracting(pages.keys).subtracting(["Agreement.md"])
        #expect(strays.isEmpty, "pages of metrics that do not exist: \(strays.sorted())")
    }

    @Test func aPageHoldsTheFormulaAndEveryParameter() throws {
        let page = MeasurePage.markdown(try MeasureCatalogue.description(named: "road"))
        #expect(
            page.hasPrefix("# road\n") && page.contains("| `noise` | `0.01` |")
                && page.contains("mean over percentages"))
    }

    @Test func namesAreUniqueAmongMetricsAndSimilarities() {
        let names = MeasureCatalogue.descriptions.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func aMisspeltNameGetsNearMisses() {
        #expect(throws: EvaluationError.self) { try MeasureCatalogue.description(named: "deletoin") }
        do { _ = try MeasureCatalogue.description(named: "deletoin") } catch {
            #expect("\(error)".contains("deletion"))
        }
    }
}
