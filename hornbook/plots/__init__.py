"""What all figures share.

fonts       labels, and fonts that have glyphs for them
drawing     what to draw under, whatever the caller has set for their own figures
colours     a palette that colour-blind readers can distinguish
panels      axes for line plots, their colours and legends
maps        rows of numbers as points in a plane, with labels that do not overlap
saving      figures as bytes and files
"""
