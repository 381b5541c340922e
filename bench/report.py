def write(measured, minio):
    return "todo"
