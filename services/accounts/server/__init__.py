"""AccountsService and ReportsService over gRPC: parse, ask, render."""
