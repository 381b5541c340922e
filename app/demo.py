async def demo_office(settings, address): return "ready at "+address
