"""Every picture's common ground.

lettering   labels and fonts that have their shapes
colours     those that every kind of eye can tell apart
panels      a bare canvas for lines, and how many of them are told apart
saving      figures as bytes and files
"""
