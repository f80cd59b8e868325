"""Who is let in: tokens, sessions, proxies, pushes."""
