"""What will this kernel do about it?"""
