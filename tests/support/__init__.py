"""What several tests need: blobs made by hand, mutations, boards, independent readers."""
