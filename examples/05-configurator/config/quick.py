# a short run to see that everything works:  python train.py config/quick.py
max_iters = 200
eval_interval = 20
