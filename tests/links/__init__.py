"""Who needs whom?"""
