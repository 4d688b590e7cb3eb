# What comes down the pipeline: files and layers in any order and form, and what becomes of the rest when one of them fails.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $base = Get-SamplePath 'base'
    $folder = New-TestFolder
    $first = Copy-Sample 'lora' (Join-Path $folder 'first.safetensors')
    $second = Copy-Sample 'lora' (Join-Path $folder 'second.safetensors')
    $whole = Measure-LoraResize $first -Recipe 'rank=4'
    $unet = @(Get-LoraSpectrum $first | Where-Object Component -EQ UNet)
    $unetRank = ($unet | Measure-LoraResize -Recipe 'rank=4').NewRank
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'Layers of several files' {
    It 'are gathered by their file, in whatever order they come: <by>' -ForEach @(
        @{ by = 'Layer'; order = { $_.Layer } }
        @{ by = 'SpectralNorm'; order = { $_.SpectralNorm } }
        @{ by = 'Path'; order = { $_.Path } }
    ) {
        $output = New-TestFolder
        $results = Get-LoraSpectrum $first, $second | Sort-Object $order | Resize-Lora -Recipe rank=4 -OutputDirectory $output
        $results | Should -HaveCount 2
        $results.NewRank | Should -Be @($whole.NewRank, $whole.NewRank)
        foreach ($result in $results) { (Get-Item $result.Path).Length | Should -Be $whole.NewLength }
    }

    It 'give one measurement and one picture a file' {
        $layers = Get-LoraSpectrum $first, $second | Sort-Object Layer
        ($layers | Measure-LoraResize -Recipe rank=4).NewRank | Should -Be @($whole.NewRank, $whole.NewRank)
        $layers | Export-LoraSpectrum -Destination (New-TestFolder) -Format Csv | Should -HaveCount 2
    }

    It 'are written as soon as all of a file have come' {
        $output = New-TestFolder
        $seen = Get-LoraSpectrum $first, $second | ForEach-Object { $_; if ($_.Path -eq $second) { $written ??= Get-FileName $output } } |
            Resize-Lora -Recipe rank=4 -OutputDirectory $output
        $seen | Should -HaveCount 2
        $written | Should -Be 'first_rank4.safetensors'
    }

    It 'are written once, however often they come' {
        $layers = Get-LoraSpectrum $first
        @($layers) + @($layers) | Resize-Lora -Recipe rank=4 -OutputDirectory (New-TestFolder) | Should -HaveCount 1
    }
}

Describe 'Files whose recipes compare subspaces with the base model' {
    BeforeAll {
        $recipe = 'subspace=0.5,spn_ckpt=0.5,thr=-0.4', 'rank=3'
        $files = @($first) + @(foreach ($rank in 2, 5) {
            (Resize-Lora $first -Recipe "rank=$rank" -OutputDirectory (New-TestFolder)).Path
        })
    }

    It 'are given together the bytes that each has alone' {
        $alone = $files | ForEach-Object { Resize-Lora $_ -Checkpoint $base -Recipe $recipe -OutputDirectory (New-TestFolder) -Force }
        $together = $files | Resize-Lora -Checkpoint $base -Recipe $recipe -OutputDirectory (New-TestFolder) -Force
        $together.Path | Should -HaveCount 6
        $together.Source | Should -Be $alone.Source
        @($together.Path | ForEach-Object { Get-Sha256 $_ }) | Should -Be @($alone.Path | ForEach-Object { Get-Sha256 $_ })
    }

    It 'are written but for the one that cannot be, which is an error of its own' {
        $output = New-TestFolder
        $damaged = Join-Path (New-TestFolder) 'damaged.safetensors'
        [System.IO.File]::WriteAllText($damaged, 'no header')
        $results = $files[0], $damaged, $files[1] | Resize-Lora -Checkpoint $base -Recipe $recipe -OutputDirectory $output -Force -ErrorVariable errors -ErrorAction SilentlyContinue
        $results | Should -HaveCount 4
        $errors | Should -HaveCount 1
        "$($errors[0])" | Should -Match 'damaged\.safetensors'
    }

    It 'are written before an error that ends the command' {
        $output = New-TestFolder
        $damaged = Join-Path (New-TestFolder) 'damaged.safetensors'
        [System.IO.File]::WriteAllText($damaged, 'no header')
        { $files[0], $files[1], $damaged, $files[2] | Resize-Lora -Checkpoint $base -Recipe $recipe[0] -OutputDirectory $output -Force -ErrorAction Stop } |
            Should -Throw '*damaged*'
        Get-FileName $output | Should -HaveCount 2
    }

    It 'are refused when they change while they wait' {
        $changed = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'changed.safetensors')
        $results = $changed, $second |
            ForEach-Object { $_; if ($_ -eq $second) { $bytes = [System.IO.File]::ReadAllBytes($changed); $bytes[-1] = $bytes[-1] -bxor 1; [System.IO.File]::WriteAllBytes($changed, $bytes) } } |
            Resize-Lora -Checkpoint $base -Recipe $recipe[0] -OutputDirectory (New-TestFolder) -ErrorVariable errors -ErrorAction SilentlyContinue
        $results | Should -HaveCount 1
        $results.Source | Should -Be $second
        $errors[0].FullyQualifiedErrorId | Should -Match '^LayerStale'
    }
}

Describe 'Layers without their spectra' {
    BeforeDiscovery {
        $forms = @(
            @{ form = 'Select-Object *'; convert = { $input | Select-Object * } }
            @{ form = 'Select-Object Path, Layer'; convert = { $input | Select-Object Path, Layer } }
            @{ form = 'CSV'; convert = { $input | ConvertTo-Csv | ConvertFrom-Csv } }
            @{ form = 'JSON'; convert = { $input | ConvertTo-Json -Depth 2 | ConvertFrom-Json } }
            @{ form = 'XML'; convert = { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@($input), 4)) } }
        )
    }

    It 'are the layers that they name, not their file: <form> into Resize-Lora' -ForEach $forms {
        $result = $unet | & $convert | Resize-Lora -Recipe rank=4 -OutputDirectory (New-TestFolder)
        $result | Should -HaveCount 1
        $result.NewRank | Should -Be $unetRank
    }

    It 'are the layers that they name: <form> into Measure-LoraResize' -ForEach $forms {
        ($unet | & $convert | Measure-LoraResize -Recipe rank=4).NewRank | Should -Be $unetRank
    }

    It 'are the layers that they name: <form> into Export-LoraSpectrum' -ForEach $forms {
        $file = $unet | & $convert | Export-LoraSpectrum -Destination (Join-Path (New-TestFolder) 'a.json')
        $file | Should -HaveCount 1
        @((Get-Content $file | ConvertFrom-Json).Layers).Count | Should -Be $unet.Count
    }

    It 'are the layers that they name: <form> into Compare-Lora' -ForEach $forms {
        $compared = $unet | & $convert | Compare-Lora -ReferencePath $first
        $compared | Should -HaveCount 1
        $compared.Layers.Count | Should -Be $unet.Count
    }

    It 'are the layers that they name: <form> into Get-LoraSpectrum' -ForEach $forms {
        @($unet | & $convert | Get-LoraSpectrum).Layer | Should -Be $unet.Layer
    }

    It 'are refused by Merge-Lora: <form>' -ForEach $forms {
        { $unet | & $convert | Merge-Lora } | Should -Throw '*Whole files are merged, not layers*' -ErrorId 'MergeLayers,*'
    }

    It 'are refused where they do not say which file they are of' {
        $unet | Select-Object Layer, Rank | Resize-Lora -Recipe rank=4 -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LayerWithoutFile,*'
    }

    It 'are refused where they have lost their name' {
        $unet | Select-Object Path, Rank | Resize-Lora -Recipe rank=4 -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LayerWithoutFile,*'
    }

    It 'are found from the location of PowerShell, not of the process' {
        Push-Location $folder
        try { ([pscustomobject]@{ Path = 'first.safetensors'; Layer = $unet[0].Layer } | Measure-LoraResize -Recipe rank=4).OldRank | Should -Be $unet[0].Rank }
        finally { Pop-Location }
    }

    It 'are refused when their file has changed since, even where it kept its time: <form>' -ForEach ($forms | Where-Object form -NE 'Select-Object Path, Layer') {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'changing.safetensors')
        $time = (Get-Item $file).LastWriteTimeUtc
        $layers = @(Get-LoraSpectrum $file) | & $convert
        $bytes = [System.IO.File]::ReadAllBytes($file)
        $bytes[-2] = $bytes[-2] -bxor 1
        [System.IO.File]::WriteAllBytes($file, $bytes)
        [System.IO.File]::SetLastWriteTimeUtc($file, $time)
        $layers | Resize-Lora -Recipe rank=4 -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LayerStale,*'
    }

    It 'of one file against two base models are two things' {
        $other = Copy-Sample 'base' (Join-Path (New-TestFolder) 'other.safetensors')
        $layers = @(Get-LoraSpectrum $first -Checkpoint $base) + @(Get-LoraSpectrum $first -Checkpoint $other)
        ($layers | Measure-LoraResize).CheckpointPath | Should -Be @($base, $other)
    }

    It 'come from a result, too' {
        $result = Resize-Lora $first -Recipe rank=8 -OutputDirectory (New-TestFolder)
        ($result.Layers | Where-Object Component -EQ UNet | Resize-Lora -Recipe rank=4 -OutputDirectory (New-TestFolder)).NewRank |
            Should -Be $unetRank
    }
}

Describe 'A merge in the pipeline' {
    BeforeAll {
        $merge = Merge-Lora $first, $second -Weight 0.5, 0.25 -Name mixed
        $stored = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($merge))
    }

    It 'is compared with a file' {
        $compared = $merge | Compare-Lora $first
        $compared.RelativeErrorToLora | Should -BeGreaterThan 0.2499
        $compared.RelativeErrorToLora | Should -BeLessThan 0.2501
    }

    It 'is made again when it was stored' {
        ($stored | Measure-LoraResize -Recipe rank=4).NewRank | Should -Be ($merge | Measure-LoraResize -Recipe rank=4).NewRank
        (Resize-Lora -Merge $stored -Recipe rank=4 -OutputDirectory (New-TestFolder)).Path | Should -BeLike '*mixed_rank4.safetensors'
    }

    It 'is made again when it comes from a job' {
        $manifest = (Get-Module ResizeLora).Path -replace 'psm1$', 'psd1'
        $received = Start-Job { Import-Module $using:manifest; Merge-Lora $using:first, $using:second } | Receive-Job -Wait -AutoRemoveJob
        ($received | Measure-LoraResize -Recipe rank=4).Layers.Count | Should -Be $merge.Layers.Count
    }

    It 'has layers that are resized, stored or not' {
        $layers = $merge | Get-LoraSpectrum | Where-Object Component -EQ UNet
        $kept = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@($layers), 4))
        ($kept | Measure-LoraResize -Recipe rank=4).NewRank | Should -Be ($layers | Measure-LoraResize -Recipe rank=4).NewRank
    }

    It 'cannot be made again without its files: it says so' {
        $gone = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'gone.safetensors')
        $kept = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Merge-Lora $gone, $first -Name lost)))
        Remove-Item $gone
        $kept | Measure-LoraResize -Recipe rank=4 -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].Exception.Message | Should -BeLike "*'lost' cannot be made again*gone.safetensors*"
    }
}

Describe 'A measurement in the pipeline' {
    It 'is written as it was measured: choose with Where-Object, then write' {
        $chosen = Measure-LoraResize $first -Recipe 'spn_lora,thr=-0.5', 'spn_lora,thr=-1' | Where-Object NewRank -LT 366
        $written = $chosen | Resize-Lora -OutputDirectory (New-TestFolder)
        $written | Should -HaveCount 1
        $written.NewLength | Should -Be $chosen.NewLength
        "$($written.Recipe)" | Should -Be "$($chosen.Recipe)"
        (Get-Item $written.Path).Length | Should -Be $chosen.NewLength
    }

    It 'brings its base model and its type along' {
        $chosen = Measure-LoraResize $first -Checkpoint $base -DType Float32
        $written = $chosen | Resize-Lora -OutputDirectory (New-TestFolder)
        (Get-Item $written.Path).Length | Should -Be $chosen.NewLength
        $written.RelativeErrorToBase | Should -Be $chosen.RelativeErrorToBase
    }

    It 'of some layers is written for these layers' {
        $chosen = $unet | Measure-LoraResize -Recipe rank=4
        ($chosen | Resize-Lora -OutputDirectory (New-TestFolder)).NewRank | Should -Be $unetRank
    }

    It 'of a merge is written as the merge' {
        $chosen = Merge-Lora $first, $second -Name both | Measure-LoraResize -Recipe rank=4
        ($chosen | Resize-Lora -OutputDirectory (New-TestFolder)).Path | Should -BeLike '*both_rank4.safetensors'
    }

    It 'is refused when its file has changed since' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'changing.safetensors')
        $chosen = Measure-LoraResize $file -Recipe rank=4
        $bytes = [System.IO.File]::ReadAllBytes($file)
        $bytes[-2] = $bytes[-2] -bxor 1
        [System.IO.File]::WriteAllBytes($file, $bytes)
        $chosen | Resize-Lora -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LayerStale,*'
    }

    It 'may have been stored' {
        $chosen = Measure-LoraResize $first -Recipe rank=4
        $kept = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($chosen))
        ($kept | Resize-Lora -OutputDirectory (New-TestFolder)).NewLength | Should -Be $chosen.NewLength
    }

    It 'that has lost its recipe is refused' {
        $chosen = Measure-LoraResize $first -Recipe rank=4 | ConvertTo-Json -Depth 3 | ConvertFrom-Json
        $chosen | Resize-Lora -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].Exception.Message | Should -BeLike '*has lost its recipe*'
    }

    It 'that has lost its layers is refused' {
        $chosen = Measure-LoraResize $first -Recipe rank=4 | ConvertTo-Csv | ConvertFrom-Csv
        $chosen | Resize-Lora -OutputDirectory (New-TestFolder) -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems[0].Exception.Message | Should -BeLike '*has lost its layers*'
    }
}

Describe 'Files that come one after another' {
    It 'are done before a later command fails' {
        $output = New-TestFolder
        { & { Get-Item $first; throw 'upstream' } | Resize-Lora -Recipe rank=4 -OutputDirectory $output } | Should -Throw 'upstream'
        Get-FileName $output | Should -Be 'first_rank4.safetensors'
    }

    It 'are compared as often as they come with another reference' {
        $other = (Resize-Lora $first -Recipe rank=4 -OutputDirectory (New-TestFolder)).Path
        $pairs = [pscustomobject]@{ ReferencePath = $first; Path = $other }, [pscustomobject]@{ ReferencePath = $other; Path = $other }
        ($pairs | Compare-Lora).ReferencePath | Should -Be @($first, $other)
    }

    It 'are not decomposed after "No to All"' {
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $null = $shell.AddScript('param($module, $files, $output) Import-Module $module; $files | Resize-Lora -Recipe rank=4 -OutputDirectory $output -Confirm -Verbose')
        $null = $shell.AddArgument((Get-Module ResizeLora).Path).AddArgument(@($first, $second)).AddArgument((New-TestFolder))
        # Nobody can answer: the first question ends the command, and nothing was decomposed before it.
        try { $null = $shell.Invoke() } catch { $null = $_ }
        @($shell.Streams.Verbose.Message -like '*score quantiles*' -or $shell.Streams.Verbose.Message -like '*total rank*') |
            Should -Be $false
        $shell.Dispose()
    }
}

Describe 'A folder that is visited' {
    It 'is cleaned of what killed runs left, even when every file is left alone' {
        $visited = New-TestFolder
        $null = Resize-Lora $first -Recipe rank=4 -OutputDirectory $visited
        $left = Join-Path $visited '.resizelora-x.tmp'
        [System.IO.File]::WriteAllText($left, 'unfinished')
        [System.IO.File]::SetLastWriteTimeUtc($left, [datetime]::UtcNow.AddDays(-3))
        Get-ChildItem $visited | Resize-Lora -Recipe rank=3 -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        Test-Path $left | Should -BeFalse
    }
}

Describe 'A file that is named' {
    It 'and cannot be processed is an error with its id: <name>' -ForEach @(
        @{ name = 'notes.txt' }
        @{ name = 'base.safetensors' }
    ) {
        $folder = New-TestFolder
        $file = $name -eq 'notes.txt' ? (New-Item (Join-Path $folder $name) -Value 'Words.').FullName : (Copy-Sample 'base' (Join-Path $folder $name))
        foreach ($command in 'Resize-Lora', 'Measure-LoraResize', 'Get-LoraSpectrum', 'Get-LoraInfo') {
            $recipe = $command -match 'Resize' ? @{ Recipe = 'rank=4' } : @{}
            & $command $file -ErrorVariable problems -ErrorAction SilentlyContinue -WarningVariable warnings @recipe | Should -BeNullOrEmpty
            $? | Should -BeFalse
            $problems | Should -HaveCount 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'File*,*'
            $warnings | Should -HaveCount 0
            Get-Item $file | & $command -ErrorVariable problems -WarningVariable warnings -WarningAction SilentlyContinue @recipe |
                Should -BeNullOrEmpty
            $problems | Should -HaveCount 0
            $warnings | Should -HaveCount 1
        }
    }

    It 'is told of as a folder where it is one' {
        Resize-Lora $folder -Recipe rank=4 -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'FolderGiven,ResizeLora.PowerShell.Commands.ResizeLoraCommand'
        $problems[0].Exception.Message | Should -BeLike "*$folder/``*.safetensors*"
    }

    It 'is not decided silently when -Force and -SkipExisting are both given' {
        { Resize-Lora $first -Recipe rank=4 -Force -SkipExisting } |
            Should -Throw '*give one of the two*' -ErrorId 'ForceWithSkipExisting,*'
    }
}

Describe 'A recipe without quotes' {
    It 'is put together from what PowerShell splits at its commas' {
        "$((Measure-LoraResize $first -Checkpoint $base -Recipe spn_ckpt=1,thr=-1.2).Recipe)" | Should -Be 'spn_ckpt=1,thr=-1.2'
        "$((Measure-LoraResize $first -Recipe spn_lora=1,thr=-0.7,rank=8).Recipe)" | Should -Be 'spn_lora=1,thr=-0.7,rank=8'
    }

    It 'is two recipes where each part is one' {
        (Measure-LoraResize $first -Recipe rank=4, rank=8).NewRank | Should -HaveCount 2
    }

    It 'that is wrong is told of as a whole' {
        { Measure-LoraResize $first -Recipe spn_ckpt=1,thr=x } | Should -Throw '*spn_ckpt=1,thr=x*'
    }

    It 'may be a second file in truth: paths need a comma' {
        { Resize-Lora a.safetensors b.safetensors } | Should -Throw "*'b.safetensors' is a file, not a recipe*comma*"
    }
}
