/// Every kind of head; one line a kind, the more particular ones first.
package enum HeadCatalogue {
    package static let kinds: [any Head.Type] = [
        PickedDetectorHead.self,
        QueryDetectorHead.self,
        BoxAndScoreHead.self,
        GridDetectorHead.self,
        EmbeddingHead.self,
        PictureHead.self,
        SegmentationHead.self,
        FullyConvolutionalHead.self,
        SequenceHead.self,
        RegressionHead.self,
        BinaryHead.self,
        MultiLabelHead.self,
        ClassifierHead.self,
    ]
}
