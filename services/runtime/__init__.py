"""What a service runs on: server, errors, settings, database, clock, logs.

Knows gRPC and SQL, and nothing of what the services are about.
"""
