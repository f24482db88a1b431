"""Published versions looked at: compared, verified, rebuilt, and listed in the changelog."""
