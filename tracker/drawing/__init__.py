"""Boxes, labels and contact sheets on 8-bit BGR images; used wherever pictures are made."""
