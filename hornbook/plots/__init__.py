"""What all figures share.

lettering   labels, and fonts that have glyphs for them
colours     a palette that colour-blind readers can distinguish
panels      axes for line plots, their colours and legends
saving      figures as bytes and files
"""
