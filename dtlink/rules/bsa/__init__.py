"""What Arm's BSA and SBSA ask of SMMUs and ITSs, as far as static tables show it."""
