import TestSupport

/// Stores that the tests of this process have open at once: each may have 16 connections to the cluster that they share.
enum StorePlaces {
    static let all = TestPlaces(16)
}
