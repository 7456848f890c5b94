"""What does this kernel do about it?"""
