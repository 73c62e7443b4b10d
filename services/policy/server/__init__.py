"""The five services of policy over gRPC: parse, ask, render."""
