"""What more than one folder needs: the world an application is in (world.py), the whole system in it (system.py,
stack.py) or with faults between (faulty_world.py, proxy.py), and samples."""
