"""Starts the real daemons on loopback, talks to them as their users do, and stops what it started."""
