"""What Tidelock keeps of a workspace when its kernels have ended: one SQLite file.

It is imported late and used on threads of its own: a kernel answers before it is opened.
"""
