import Evaluation
import Explanations
import Testing

@Suite struct BootstrapIntervalTests {
    private let mean = Sparseness()

    /// Draws of a hundred from fifty hits and fifty misses are binomial; P(X <= 39) = 0.0176 and P(X <= 40) = 0.0284, so that the
    /// quantiles are 40 and 60 (tables of the distribution). 20000 draws tell them apart by three standard errors.
    @Test func hitsAreBinomial() throws {
        let hits = (0..<100).map { Measurement($0 < 50 ? 1 : 0) }
        let interval = try #require(BootstrapInterval(of: hits, by: mean, resamples: 20_000, seed: 3))
        #expect(interval.low == 0.4 && interval.high == 0.6)
    }

    /// The mean of many numbers is normal with variance σ²/n.
    @Test func meansAreNormal() throws {
        let values = (0..<400).map { Measurement(Double($0 % 20)) }  // variance (20² - 1)/12
        let interval = try #require(BootstrapInterval(of: values, by: mean, resamples: 4000, seed: 1))
        let reach = 1.959964 * (399.0 / 12 / 400).squareRoot()
        #expect(abs(interval.low - (9.5 - reach)) < 0.05 && abs(interval.high - (9.5 + reach)) < 0.05)
    }

    @Test func theSameSeedGivesTheSameInterval() throws {
        let values = (0..<50).map { Measurement(Double($0 * $0 % 17)) }
        let first = BootstrapInterval(of: values, by: mean, seed: 5)
        #expect(first == BootstrapInterval(of: values, by: mean, seed: 5))
        #expect(first != BootstrapInterval(of: values, by: mean, seed: 6))
        #expect(BootstrapInterval(of: Array(values.prefix(1)), by: mean) == nil)
    }

    /// It is the metric's own number that is taken anew, not a mean of its pictures' numbers: each picture is hit at one threshold of
    /// two, and no threshold hits more than half of them.
    @Test func theSummaryIsTakenAnew() throws {
        let metric = try MetricCatalogue.metric(MethodSpecification("max-box-acc"))
        let pictures = (0..<60).map { index in
            Measurement(1, details: (0..<100).map { $0 % 2 == index % 2 ? 1 : 0 })
        }
        #expect(metric.summary(of: pictures) == 0.5)
        let interval = try #require(BootstrapInterval(of: pictures, by: metric))
        #expect(interval.low >= 0.5 && interval.high < 0.75)
    }
}
