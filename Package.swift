// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A C library that Debian packages; `module.modulemap` names its headers.
func system(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "Gaze",
    products: [
        .library(name: "Gaze", targets: ["Gaze"]),
        .executable(name: "gaze", targets: ["GazeCommand"]),
        .executable(name: "gaze-benchmark", targets: ["GazeBenchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        system("CCairo", "cairo", "libcairo2-dev"),
        system("CExif", "libexif", "libexif-dev"),
        system("CPNG", "libpng", "libpng-dev"),
        system("CTIFF", "libtiff-4", "libtiff-dev"),
        system("CTurboJPEG", "libturbojpeg", "libturbojpeg0-dev"),
        system("CWebP", "libwebp", "libwebp-dev"),
        system("CZip", "libzip", "libzip-dev"),

        module("Archives", ["CZip"]),
        module("Tensors", ["Archives"]),
        // Generated code: its shared default instances do not pass strict memory safety.
        .target(
            name: "ONNXMessages", dependencies: [protobuf], exclude: ["Schema"],
            swiftSettings: Array(strict.dropFirst())),
        module("ONNXFormat", ["Archives", "Tensors", "ONNXMessages", protobuf]),
        module("Graphs", ["Tensors", "ONNXFormat", "ONNXMessages", protobuf]),
        module("Differentiation", ["Tensors", "Graphs"]),
        module("Runtime", ["Archives", "Tensors", "ONNXMessages", "Graphs", protobuf]),
        module("Explanations", ["Archives", "Tensors", "Graphs", "Differentiation", "Runtime"]),
        module("Evaluation", ["Tensors", "Graphs", "Differentiation", "Runtime", "Explanations"]),
        module("Datasets", ["Archives", "Tensors"]),
        module("Storage", ["Tensors", database]),
        module("Imaging", ["Archives", "Tensors", "CCairo", "CExif", "CPNG", "CTIFF", "CTurboJPEG", "CWebP"]),
        module("Training", ["Archives", "Tensors", "ONNXFormat", "Graphs"]),
        module("Reports", ["Archives", "Tensors", "Graphs", "Explanations", "Evaluation", "Imaging"]),
        module(
            "Gaze",
            [
                "Archives", "Tensors", "Graphs", "Differentiation", "Runtime", "Explanations", "Evaluation", "Datasets",
                "Storage", "Imaging", "Training", "Reports", yams,
            ]),
        .executableTarget(
            name: "GazeCommand", dependencies: ["Archives", "Gaze", argumentParser], swiftSettings: strict),

        .executableTarget(
            name: "GazeBenchmark", dependencies: ["Gaze", argumentParser], path: "Benchmarks/GazeBenchmark",
            swiftSettings: strict),

        .target(name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("ArchivesTests", ["Archives", "Tensors", "TestSupport"]),
        .testTarget(
            name: "GazeTests", dependencies: ["Gaze", "Evaluation", "Graphs", "ONNXFormat", "TestSupport"],
            exclude: ["Golden"], swiftSettings: strict),
        tests(
            "GazeCommandTests",
            ["GazeCommand", "Archives", "Explanations", "Graphs", "Imaging", "ONNXFormat", "Tensors", "TestSupport"]),
        .testTarget(
            name: "ONNXFormatTests", dependencies: ["ONNXFormat", "ONNXMessages", "Tensors", "TestSupport", protobuf],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "DifferentiationTests",
            dependencies: [
                "Differentiation", "Graphs", "ONNXFormat", "ONNXMessages", "Runtime", "Tensors", "TestSupport",
                protobuf,
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "GraphsTests",
            dependencies: [
                "Differentiation", "Graphs", "ONNXFormat", "ONNXMessages", "Runtime", "Tensors", "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "ExplanationsTests",
            dependencies: [
                "Explanations", "Differentiation", "Graphs", "ONNXFormat", "ONNXMessages", "Runtime", "Tensors",
                "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "Evaluation", "Explanations", "Graphs", "ONNXFormat", "Runtime", "Tensors", "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        tests("DatasetsTests", ["Datasets", "Tensors", "TestSupport"]),
        tests("StorageTests", ["Storage", "Tensors", "TestSupport", database]),
        .testTarget(
            name: "RuntimeTests", dependencies: ["Runtime", "Tensors"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "TensorsTests", dependencies: ["Archives", "Tensors", "TestSupport"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Archives", "Graphs", "ONNXFormat", "Runtime", "Tensors", "TestSupport", "Training"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "ImagingTests", dependencies: ["Imaging", "Tensors", "TestSupport"], resources: [.copy("Golden")],
            swiftSettings: strict),
    ]
)
