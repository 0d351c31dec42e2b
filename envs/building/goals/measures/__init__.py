"""What goals are like, one by one and as sets, and how near two sets are.

`statistics` has the numbers of a house, `two_sample` tells two sets apart by them, `patches` compares small
neighbourhoods, `similarity` finds the nearest house; `comparison` puts them together.
"""
